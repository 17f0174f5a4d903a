#!/usr/bin/env python3
"""Django's management commands, for tools that look for this file; people use `rufverbund manage`."""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    root = Path(__file__).resolve().parent
    sys.path[:0] = [str(root), str(root / "platform")]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config.cli import main

    sys.argv[1:1] = ["manage"]
    main()
