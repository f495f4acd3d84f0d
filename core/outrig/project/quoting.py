"""Puts values into shell text so that they arrive exactly, whatever they hold and wherever they go.

A placeholder may stand bare, inside quotes that the author wrote, in a here-document, in a comment
or in an expansion, and each wants the value written differently. So the template is followed by
the rules of the shell's grammar (POSIX.1-2024, 2.2 and 2.3). Where those rules cannot tell the
context for sure, or no quoting works in every shell, only values that need no quoting are let in.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from outrig.errors import UsageError
from outrig.project.placeholders import scan
from outrig.project.problem import shown
from outrig.project.shell_syntax import (
    BARE_ONLY,
    COMMANDS,
    ENDS,
    HEREDOC,
    UNTOUCHED,
    Context,
    Frame,
    HereDocument,
    quoted,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrig.project.placeholders import Placeholder

_BARE = re.compile(r"[A-Za-z0-9_./:=@%+,-]+")
_CASE = re.compile(r"case[ \t\n]")


def fill(template: str, texts: Mapping[str, str], owner: str) -> str:
    """Return the shell text with a value for each placeholder; `texts` is keyed by their names.

    Raises `UsageError`, beginning with `owner`, for a value that cannot stand where it is wanted.
    """
    return _Filler(template, texts, owner).filled()


class _Filler:
    """Walks once over a template; `_frames` holds the open contexts, the innermost last."""

    def __init__(
        self,
        template: str,
        texts: Mapping[str, str],
        owner: str,
        context: Context = Context.WORDS,
        first_line: int = 1,
        unsure: bool = False,
    ) -> None:
        self._template = template
        self._texts = texts
        self._owner = owner
        self._first_line = first_line
        self._unsure = unsure
        self._frames = [Frame(context)]
        self._places = {one.start: one for one in scan(template)}
        self._waiting: list[HereDocument] = []
        self._out: list[str] = []
        self._at = 0

    def filled(self) -> str:
        """Return the whole text."""
        while self._at < len(self._template):
            place = self._places.get(self._at)
            if place is not None:
                self._out.append(place.text if place.literal else self._inserted(place))
                self._at = place.end
            else:
                self._step()
        return "".join(self._out)

    # How a value is written, by where it stands.

    def _inserted(self, place: Placeholder) -> str:
        text = self._texts[place.name]
        if place.raw:
            return text
        context = self._frames[-1].context
        if self._bare_only() or (self._is_joined(place) and context not in UNTOUCHED):
            return self._bare(place, text)
        return quoted(text, context)

    def _is_joined(self, place: Placeholder) -> bool:
        """Whether a `$` or a backslash before the placeholder would take what is put there."""
        return place.start > 0 and self._template[place.start - 1] in "$\\"

    def _bare_only(self) -> bool:
        if self._unsure or self._frames[-1].context in BARE_ONLY:
            return True
        return any(frame.context is Context.BACKQUOTES for frame in self._frames)

    def _bare(self, place: Placeholder, text: str) -> str:
        if _BARE.fullmatch(text):
            return text
        line = self._first_line + self._template.count("\n", 0, place.start)
        where = self._frames[-1].context.value
        raise UsageError(
            f"{self._owner}: {place.text} in line {line} of the command stands {where}, "
            f"where {shown(text)} cannot be quoted safely",
            hint=f'assign it first, x={{{{{place.name}}}}}, and use "$x" there',
        )

    # How the template is followed.

    def _step(self) -> None:
        context = self._frames[-1].context
        if context in COMMANDS:
            self._command()
        elif context is Context.SINGLE:
            self._until("'")
        elif context is Context.COMMENT:
            self._comment()
        elif context is Context.ANSI:
            self._ansi()
        elif context is Context.HERE_LITERAL:
            self._copy(1)
        elif context is Context.ARITHMETIC:
            self._arithmetic()
        else:
            self._double_or_expansion()

    def _command(self) -> None:
        frame = self._frames[-1]
        char = self._template[self._at]
        if char == "\\":
            self._escaped()
        elif char == "'":
            self._push(Context.SINGLE)
        elif char == '"':
            self._push(Context.DOUBLE)
        elif char == "#" and self._at_word_start():
            self._push(Context.COMMENT)
        elif char == "<" and self._here_operator():
            return
        elif char == "\n":
            self._newline()
        elif char == "(":
            self._parenthesis(frame)
        elif char == ")":
            self._close_parenthesis(frame)
        elif not self._expansion():
            if len(self._frames) > 1 and self._at_word_start():
                # An unbalanced ")" may follow, as in $(case x in a) …;; esac).
                self._unsure |= _CASE.match(self._template, self._at) is not None
            self._copy(1)

    def _double_or_expansion(self) -> None:
        """Follow text in double quotes, in a here-document, or in `${…}`."""
        context = self._frames[-1].context
        char = self._template[self._at]
        if char == "\\":
            self._escaped()
        elif char == ENDS.get(context):
            self._pop()
        elif context is Context.EXPANSION and char in "'\"":
            self._unsure = True  # shells differ on quotes here
            self._copy(1)
        elif not self._expansion():
            self._copy(1)

    def _expansion(self) -> bool:
        """Enter a backquote or one of the `$` expansions, if one begins here."""
        template, at = self._template, self._at
        words = self._frames[-1].context in COMMANDS
        if template[at] == "`":
            self._backquote()
        elif at + 1 in self._places:
            return False
        elif template.startswith("$((", at):
            self._push(Context.ARITHMETIC, 3, parentheses=2)
        elif template.startswith("$(", at):
            self._push(Context.SUBSTITUTION, 2)
        elif template.startswith("${", at):
            self._push(Context.EXPANSION, 2)
        elif template.startswith("$'", at) and words:
            self._push(Context.ANSI, 2)
        else:
            return False
        return True

    def _arithmetic(self) -> None:
        frame = self._frames[-1]
        char = self._template[self._at]
        if char in "'\"\\":
            self._unsure = True  # it may be a subshell in a substitution after all
            self._copy(1)
        elif char == "(":
            frame.parentheses += 1
            self._copy(1)
        elif char == ")":
            frame.parentheses -= 1
            if frame.parentheses:
                self._copy(1)
            else:
                self._pop()
        elif not self._expansion():
            self._copy(1)

    def _ansi(self) -> None:
        if self._template.startswith("\\'", self._at):
            self._unsure = True  # only shells that know $'…' go on from here
        if self._template[self._at] == "\\":
            self._escaped()
        else:
            self._until("'")

    def _comment(self) -> None:
        ends = "\n`" if any(one.context is Context.BACKQUOTES for one in self._frames) else "\n"
        if self._template[self._at] in ends:
            self._frames.pop()
        else:
            self._copy(1)

    def _backquote(self) -> None:
        inside = [one.context for one in self._frames]
        if Context.BACKQUOTES not in inside:
            self._push(Context.BACKQUOTES)
            return
        while self._frames[-1].context is not Context.BACKQUOTES:
            self._unsure = True  # it closes over something that is still open
            self._frames.pop()
        self._pop()

    def _parenthesis(self, frame: Frame) -> None:
        if self._template.startswith("((", self._at) and self._at_word_start():
            self._push(Context.ARITHMETIC, 2, parentheses=2)
            return
        frame.parentheses += 1
        self._copy(1)

    def _close_parenthesis(self, frame: Frame) -> None:
        if frame.context is Context.SUBSTITUTION and frame.parentheses == 0:
            self._unsure |= bool(self._waiting)  # shells differ on where that document is
            self._pop()
            return
        frame.parentheses = max(0, frame.parentheses - 1)
        self._copy(1)

    # Here-documents.

    def _here_operator(self) -> bool:
        if self._template.startswith("<<<", self._at):
            self._copy(3)
            return True
        match = HEREDOC.match(self._template, self._at)
        if match is None:
            return False
        if any(match.start() <= place < match.end() for place in self._places):
            self._unsure = True  # where the document ends would depend on a value
            return False
        self._waiting.append(HereDocument.announced(match))
        self._copy(match.end() - match.start())
        return True

    def _newline(self) -> None:
        self._copy(1)
        while self._waiting:
            self._here_document(self._waiting.pop(0))

    def _here_document(self, document: HereDocument) -> None:
        end = self._body_end(document)
        body = self._template[self._at : end]
        line = self._first_line + self._template.count("\n", 0, self._at)
        context = Context.HERE_LITERAL if document.literal else Context.HERE
        filler = _Filler(body, self._texts, self._owner, context, line, self._bare_only())
        text = filler.filled()
        joined = text if document.literal else text.replace("\\\n", "")
        if any(document.ends_at(one) for one in [*text.split("\n"), *joined.split("\n")]):
            raise UsageError(
                f"{self._owner}: a value would end the here-document in line {line} of the "
                f"command, as it has a line {shown(document.delimiter)}",
                hint="choose a longer word to end it",
            )
        self._out.append(text)
        self._at = end

    def _body_end(self, document: HereDocument) -> int:
        """Return where the delimiter's line begins; without one, the rest is in doubt."""
        at = self._at
        while at <= len(self._template):
            stop = self._template.find("\n", at)
            stop = len(self._template) if stop < 0 else stop
            line = self._template[at:stop]
            if document.ends_at(line):
                return at
            if not document.literal and line.endswith("\\"):
                self._unsure = True  # it may join the next line, which then ends nothing
            at = stop + 1
        self._unsure = True
        return len(self._template)

    # Small steps.

    def _at_word_start(self) -> bool:
        if self._at == 0:
            return True
        return self._template[self._at - 1] in " \t\n;&|()`"

    def _escaped(self) -> None:
        self._copy(1 if self._at + 1 in self._places else 2)

    def _until(self, end: str) -> None:
        if self._template[self._at] == end:
            self._pop()
        else:
            self._copy(1)

    def _copy(self, count: int) -> None:
        self._out.append(self._template[self._at : self._at + count])
        self._at += count

    def _push(self, context: Context, length: int = 1, parentheses: int = 0) -> None:
        if context is not Context.COMMENT:
            self._copy(length)
        self._frames.append(Frame(context, parentheses))

    def _pop(self) -> None:
        self._frames.pop()
        self._copy(1)
