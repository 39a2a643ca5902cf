# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Holds docs/language.md and the parser to each other: each production of the page stands word for
# word in the comment above a parse function and the other way round; each group of productions has
# an example; each example parses, and what weft-parse prints of it parses to the same tree.
#
# RUN: %python %s %root %t
import pathlib
import re
import subprocess
import sys

WRAPPERS = {
    "": "{}",
    "member": "model Example() {{\n{}}}\n",
    "statement": "fn example() {{\n{}}}\n",
}


def fenced_blocks(page):
    """(language, further words, text) of each fenced block."""
    for match in re.finditer(r"^```(\w+) ?(\w*)\n(.*?)^```$", page, re.M | re.S):
        yield match.groups()


def productions_of_page(blocks):
    return [line for language, _, text in blocks if language == "grammar" for line in text.splitlines()]


def productions_of_parser(frontend):
    """The `/// name = ...` lines of comments that a parse function follows."""
    found = []
    for path in sorted(frontend.glob("Parse*.cpp")):
        for comment in re.findall(r"((?:^/// .*\n)+)^[\w:<>]+ Parser::parse", path.read_text(), re.M):
            found += [line[4:] for line in comment.splitlines() if re.match(r"/// [a-z-]+ = ", line)]
    return found


def compare(page, parser):
    mistakes = [f"docs/language.md has it twice: {line}" for line in page if page.count(line) > 1]
    mistakes += [f"above no parse function: {line}" for line in page if line not in parser]
    mistakes += [f"not in docs/language.md: {line}" for line in parser if line not in page]
    return mistakes


def undefined_names(productions):
    """Names that are used and stand left of no `=`."""
    terminals = {"name", "integer", "float", "string"}
    defined = {line.split(" = ")[0] for line in productions}
    for line in productions:
        right = re.sub(r'"[^"]*"', "", line.split(" = ", 1)[1])
        for name in re.findall(r"[a-z][a-z-]*", right):
            if name not in defined | terminals:
                yield f"'{name}' is defined nowhere: {line}"


def groups_without_example(blocks):
    for (language, _, text), following in zip(blocks, blocks[1:] + [("", "", "")]):
        if language == "grammar" and following[0] != "weft":
            yield f"no example follows: {text.splitlines()[0]}"


def parse(path):
    return subprocess.run(["weft-parse", "--alone", path], capture_output=True, text=True)


def check_example(number, context, text, folder):
    source = folder / f"example{number}.weft"
    source.write_text(WRAPPERS[context].format(text))
    first = parse(source)
    if first.returncode != 0:
        return [f"example does not parse:\n{text}{first.stderr}"]
    printed = folder / f"printed{number}.weft"
    printed.write_text(first.stdout)
    second = parse(printed)
    if second.stdout != first.stdout:
        return [f"printed tree parses to another:\n{first.stdout}{second.stdout}{second.stderr}"]
    return []


def main(root, folder):
    root, folder = pathlib.Path(root), pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    blocks = list(fenced_blocks((root / "docs/language.md").read_text()))
    page = productions_of_page(blocks)
    mistakes = compare(page, productions_of_parser(root / "frontend"))
    mistakes += undefined_names(page)
    mistakes += groups_without_example(blocks)
    examples = [(context, text) for language, context, text in blocks if language == "weft"]
    assert len(page) > 50 and len(examples) > 30, "the page is not read as it should be"
    for number, (context, text) in enumerate(examples):
        mistakes += check_example(number, context, text, folder)
    print("\n".join(mistakes))
    return 1 if mistakes else 0


sys.exit(main(*sys.argv[1:]))
