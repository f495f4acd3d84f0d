"""What other plugins may use of this one: files as fsspec tells of them."""

from __future__ import annotations

from outrig_stores.fsspec_store import modified_s as modified_s
