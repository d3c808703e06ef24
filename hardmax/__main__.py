"""``python -m hardmax``, the same as the command ``hardmax``."""

from __future__ import annotations

import sys

from hardmax.cli.main import main

sys.exit(main())
