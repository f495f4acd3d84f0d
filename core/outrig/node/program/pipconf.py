"""The user's pip configuration, as the variables by which uv is told the same."""

from __future__ import annotations

import os

UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
}


def pip_options(environ: dict[str, str]) -> dict[str, str]:
    """Return pip's options by long name, from its configuration files and variables."""
    import configparser

    options: dict[str, str] = {}
    for path in pip_files(environ):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, "utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                options.update(parser.items(section))
    for name, value in environ.items():
        if name.startswith("PIP_"):
            options[name[4:].lower().replace("_", "-")] = value
    return options


def pip_files(environ: dict[str, str]) -> list[str]:
    """Return where pip reads its configuration, the strongest last."""
    home = environ.get("HOME") or os.path.expanduser("~")
    config = environ.get("XDG_CONFIG_HOME") or home + "/.config"
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return []
    files = ["/etc/pip.conf", home + "/.pip/pip.conf", config + "/pip/pip.conf"]
    return [*files, named] if named else files


def uv_variables(environ: dict[str, str]) -> dict[str, str]:
    """Return the variables that make uv do as pip would; what is set for uv already stays."""
    options = pip_options(environ)
    variables = {}
    for name, variable in UV_NAMES.items():
        value = " ".join(options.get(name, "").split())
        if value and variable not in environ:
            variables[variable] = value.replace(" ", ",") if name == "find-links" else value
    if options.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        variables["UV_NO_INDEX"] = "1"
    return variables
