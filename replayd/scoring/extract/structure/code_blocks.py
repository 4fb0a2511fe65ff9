"""The code of an answer, and in which language it is written."""

import re
from typing import Final, NamedTuple

from replayd.scoring.extract.structure.body import fences

_MARKUP: Final = frozenset(
    "yaml yml csv tsv xml html toml ini json5 env properties dockerfile markdown md mermaid dot csv".split()
)
_SHELL: Final = frozenset("bash sh shell zsh console powershell cmd".split())
_ALIASES: Final = {
    "py": "python",
    "js": "javascript",
    "ts": "typescript",
    "c#": "csharp",
    "cs": "csharp",
    "c++": "cpp",
    "golang": "go",
    "yml": "yaml",
    "rb": "ruby",
    "rs": "rust",
}
_SIGNS: Final = (
    ("python", re.compile(r"^\s*(?:def \w+\(|from \w[\w.]* import |import \w+$|class \w+[(:]|async def |@\w+\n\s*def )|\blambda \w+:|^\s*print\(|\[.+ for \w+ in .+\]", re.MULTILINE)),
    ("javascript", re.compile(r"^\s*(?:function \w*\(|(?:const|let|var) \w+ ?=|export |async function )|=>\s*[{(\w]|console\.log", re.MULTILINE)),
    ("go", re.compile(r"^\s*(?:func \w+\(|package \w+)|:=", re.MULTILINE)),
    ("java", re.compile(r"^\s*(?:public|private|protected) (?:static )?[\w<>\[\]]+ \w+\(", re.MULTILINE)),
    ("rust", re.compile(r"^\s*(?:pub )?fn \w+", re.MULTILINE)),
    ("cpp", re.compile(r"^\s*#include|std::|^\s*(?:int|void|double|bool|char) \w+\(", re.MULTILINE)),
    ("xml", re.compile(r"\A\s*<(?:\?xml|[a-zA-Z][\w:-]*(?:\s[^<>]*)?>).*</[\w:-]+>\s*\Z", re.DOTALL)),
    ("yaml", re.compile(r"\A(?=[\s\S]*(?:^[ \t]+|:\n))(?:[ \t]*(?:#[^\n]*|-?\s*[\w./\"'-]+:(?: [^\n]*)?|- [^\n]+)\n?){3,}\Z", re.MULTILINE)),
    ("bash", re.compile(r"\A\$?\s*(?:sudo )?(?:git|ls|cd|du|df|find|grep|sed|awk|docker|kubectl|curl|wget|tar|rm|cp|mv|cat|chmod|chown|ps|kill|head|tail|sort|ssh|scp|pip|npm|make|echo|export|systemctl|journalctl|apt|brew|xargs|wc|rsync|zip|unzip|ln|mkdir|touch|openssl|ping|dig)\b[^\n]*\Z")),
    ("csv", re.compile(r"\A(?:[^\n,.!?]{1,40},){1,}[^\n,.!?]{1,40}(?:\n(?:[^\n,]{1,40},){1,}[^\n,]{1,40}){1,}\s*\Z")),
    ("ini", re.compile(r"\A(?!.*[²×÷])(?:\s*(?:\[[\w. -]+\]|[#;][^\n]*|[\w.-]+\s*=\s*[^\n]*)(?:\n|\Z)){2,}\Z")),
    ("css", re.compile(r"[.#@]?[\w-]+[^{}\n]*\{[^{}]*[\w-]+\s*:[^{}]+\}", re.DOTALL)),
    ("dockerfile", re.compile(r"\A\s*(?:#[^\n]*\n\s*)*FROM \S+[^\n]*\n(?:[^\n]*\n?)*?\s*(?:RUN|CMD|COPY|ENTRYPOINT|WORKDIR) ")),
    ("mermaid", re.compile(r"\A\s*(?:graph|flowchart|sequenceDiagram|classDiagram|stateDiagram)\b")),
    ("regex", re.compile(r"\A\^?[^\s]*(?:\\[dwsbDWS]|\[[^\]\s]+\])[^\s]*(?:[+*?$]|\{\d)[^\s]*\Z")),
)  # fmt: skip
_SCRIPT = re.compile(r"\b(?:do|then)\b[\s\S]*\b(?:done|fi)\b")
LONGEST_GUESSED = 2_000  # characters, which show the language
MAIN_SHARE = 0.35  # of an answer, from which its code is what was asked for


class Code(NamedTuple):
    """Code found in an answer."""

    text: str
    language: str  # "" where none was recognised
    is_main: bool

    @property
    def is_markup(self) -> bool:
        """Whether it is data or a command line, not a program."""
        return (
            self.language in _MARKUP
            or (self.language in _SHELL and not _SCRIPT.search(self.text))
            or self.language == "regex"
        )


def code_of(body: str) -> Code:
    """Return the code of an answer: its fences, or the whole where that is code."""
    found = [fence for fence in fences(body) if fence.code.strip()]
    if found:
        longest = max(found, key=lambda fence: len(fence.code))
        same = [f.code for f in found if f.tag == longest.tag]
        text = "\n".join(same).strip("\n")
        tag = _ALIASES.get(longest.tag, longest.tag)
        tag = (
            tag
            if tag not in {"text", "txt", "plaintext", "code", ""}
            else _guessed(text)
        )
        return Code(text, tag, len(text) >= MAIN_SHARE * len(body))
    stripped = body.strip()
    if stripped.startswith("`") and stripped.endswith("`") and stripped.count("`") == 2:
        stripped = stripped.strip("`")
    return Code(stripped, _guessed(stripped), is_main=True)


def _guessed(text: str) -> str:
    if len(text) > LONGEST_GUESSED:
        text = text[:LONGEST_GUESSED].rpartition("\n")[0]
    return next((name for name, sign in _SIGNS if sign.search(text)), "")
