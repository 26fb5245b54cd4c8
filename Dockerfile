# Nothing is compiled: every library comes as a wheel, checked against its hash.
FROM python:3.11-slim AS build
WORKDIR /app
COPY requirements.lock ./
RUN python -m venv .venv \
 && .venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY backend/ backend/
COPY notifications/ notifications/
COPY seed/ seed/
RUN .venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --no-index .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin tongxing \
 && install -d -o tongxing -g tongxing -m 0750 /var/lib/tongxing \
 && install -d -o tongxing -g tongxing -m 0700 /var/lib/tongxing-backups \
 && install -d -o tongxing -g tongxing -m 0700 /var/lib/tongxing-keys
COPY --from=build /app/.venv /app/.venv
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TONGXING_ENVIRONMENT=production \
    TONGXING_LOG_FORMAT=json \
    TONGXING_HOST=0.0.0.0 \
    TONGXING_DATA_DIR=/var/lib/tongxing
USER tongxing
WORKDIR /var/lib/tongxing
EXPOSE 8000
ENTRYPOINT ["tongxing"]
CMD ["serve"]
