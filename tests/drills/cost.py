"""Run as a script with a command: what that took, as ``wait4`` tells it.

``python -S cost.py command…`` prints its exit code, CPU seconds and peak bytes. The most a
process has held counts from before it became another program, so whoever starts the command
has to be as small as this.
"""

import json
import os
import subprocess
import sys

child = subprocess.Popen(sys.argv[1:], stdin=0, stdout=subprocess.DEVNULL, cwd="/")
_, status, used = os.wait4(child.pid, 0)
child.returncode = os.waitstatus_to_exitcode(status)
taken = [child.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024]
sys.stdout.write(json.dumps(taken))
