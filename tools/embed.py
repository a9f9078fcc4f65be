#!/usr/bin/env python3
"""Makes C++ of the page's files, so that the program carries them: their bytes, and the same compressed. The build calls this.

The same files give the same text on every machine. Standard library only.
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".md": "text/markdown; charset=utf-8",
}
BYTES_IN_A_LINE = 32


def array(name: str, data: bytes) -> str:
    lines = [
        "".join(f"\\x{byte:02x}" for byte in data[at : at + BYTES_IN_A_LINE]) for at in range(0, len(data), BYTES_IN_A_LINE)
    ]
    body = "\n".join(f'    "{line}"' for line in lines) or '    ""'
    return f"constexpr char {name}[] =\n{body};\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("more", type=Path, nargs="*", help="files of other folders; their names become lower case")
    given = parser.parse_args()
    files = sorted(path for path in given.folder.iterdir() if path.suffix in CONTENT_TYPES) + given.more
    parts, rows = [], []
    for number, path in enumerate(files):
        plain = path.read_bytes()
        packed = gzip.compress(plain, 9, mtime=0)
        parts += [array(f"kPlain{number}", plain), array(f"kGzip{number}", packed)]
        web_path = "/" if path.name == "index.html" else f"/{path.name.lower()}"
        rows.append(
            f'    {{"{web_path}", "{CONTENT_TYPES[path.suffix]}", {{kPlain{number}, {len(plain)}}}, {{kGzip{number}, {len(packed)}}}}},'
        )
    text = (
        f"// Made by tools/embed.py of {given.folder.name}/.\n"
        '#include "serve/web_files.h"\n\nnamespace turntable {\nnamespace {\n\n'
        + "".join(parts)
        + "constexpr WebFile kFiles[] = {\n"
        + "\n".join(rows)
        + "\n};\n\n}  // namespace\n\nstd::span<const WebFile> web_files() {\n  return kFiles;\n}\n\n}  // namespace turntable\n"
    )
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(text)


if __name__ == "__main__":
    main()
