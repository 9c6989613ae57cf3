#!/usr/bin/env python3
"""The example firmware on emulated RISC-V and Cortex-M cores (bench/mcu.py): the bytes of this computer, within the limits for
code, memory, stack and instructions. Ends with "N passed, N failed"."""
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

if os.environ.get("AVOCET_EXTENT") == "quick":
    print("SKIPPED: the firmware, which does not depend on this build\n0 passed, 0 failed")
    sys.exit(0)
sys.exit(subprocess.call([sys.executable, ROOT / "bench/mcu.py", "--limits", "--pictures", "20"]))
