"""The engine: how sessions start, run commands, bring outputs back and end. Nothing here prints."""
