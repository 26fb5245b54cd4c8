"""Seeing inside a running installation: metrics, traces, and the files of the dashboard.

A *figure* is a number Prometheus is told, a *span* one stretch of work in a trace. Neither
ever carries a value of a statement, an id, a name or an address as it was asked for: a
request is known by its method and the template of its route.

- ``metrics``: the only module that knows prometheus_client.
- ``figures``: what only the database can say; workers tell it.
- ``tracing``: the seam; ``otlp`` behind it is the only module that knows OpenTelemetry and
  is not even imported where nothing is traced.
- ``watching``: all of it put together for one process.
- ``pools``: how long connections are waited for, and statements as spans.
- ``dashboard.json``, ``prometheus.yml``, ``grafana/``: for the profile of compose.yaml.
"""
