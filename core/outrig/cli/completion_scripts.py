"""The completion scripts of the shells; all ask `outrig __complete`."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Bash cuts words at = and :, so they are joined again, and candidates lose what stands before the
# last such character. `printf %q` quotes candidates unless the user has begun a quote.
_BASH = r"""_outrig_complete() {
    local program=PROGRAM
    local words=() word previous='' current value line i
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if ((i > 1)) && [[ -n $previous && ( $word == [=:]* || $previous == *[=:] ) ]]; then
            words[${#words[@]}-1]+=$word
        else
            words+=("$word")
        fi
        previous=$word
    done
    current=${words[${#words[@]}-1]}
    local quote=''
    case $current in
        \"* | \'*) quote=${current:0:1}; words[${#words[@]}-1]=${current:1} ;;
        *\\*) words[${#words[@]}-1]=${current//\\/} ;;
    esac
    local plain=${words[${#words[@]}-1]}
    local head=''
    if [[ -z $quote && $plain == *[=:]* ]]; then
        head=${plain%"${plain##*[=:]}"}
    fi
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ $line == :files ]]; then
            compopt -o default 2>/dev/null
            continue
        fi
        value=${line%%$'\t'*}
        value=${value#"$head"}
        [[ -z $quote ]] && printf -v value %q "$value"
        COMPREPLY+=("$value")
    done < <("$program" __complete bash "${words[@]}" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -F _outrig_complete NAMES
"""

_ZSH = r"""#compdef NAMES
_outrig_complete() {
    local program=PROGRAM
    local -a lines values meanings
    local line value files=''
    lines=("${(@f)$("$program" __complete zsh "${(@Q)words[1,CURRENT]}" 2>/dev/null)}")
    for line in "${lines[@]}"; do
        if [[ $line == :files ]]; then
            files=yes
        elif [[ -n $line ]]; then
            value=${line%%$'\t'*}
            values+=("$value")
            meanings+=("${line//$'\t'/  -- }")
        fi
    done
    ((${#values})) && compadd -l -d meanings -a -- values
    [[ -n $files ]] && _files
    return 0
}
compdef _outrig_complete NAMES
"""

_FISH = r"""function __outrig_complete
    set -l current (commandline -ct)
    set -l words (commandline -opc)
    for line in (PROGRAM __complete fish $words "$current" 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end
"""


def bash(program: str, names: Sequence[str]) -> str:
    """Return the script for bash (3.2 and later) that completes the programs `names`."""
    return _filled(_BASH, program, names)


def zsh(program: str, names: Sequence[str]) -> str:
    """Return the script for zsh, to be sourced after `compinit` or put on `fpath`."""
    return _filled(_ZSH, program, names)


def fish(program: str, names: Sequence[str]) -> str:
    """Return the script for fish."""
    lines = [f"complete -c {name} -f -a '(__outrig_complete)'" for name in names]
    return _filled(_FISH, program, names) + "\n".join(lines) + "\n"


def _filled(script: str, program: str, names: Sequence[str]) -> str:
    return script.replace("PROGRAM", shlex.quote(program)).replace("NAMES", " ".join(names))


SCRIPTS: dict[str, Callable[[str, Sequence[str]], str]] = {"bash": bash, "zsh": zsh, "fish": fish}
