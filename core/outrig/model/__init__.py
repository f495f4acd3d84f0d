"""Frozen records that cross module borders. Plugins take them from `outrig.api`."""
