"""Python programs in one form, so that two ways to write the same compare equal.

Parsed, never run: docstrings, annotations and imports go, returns by branch become one
shape, emptiness and comparisons one spelling, local names numbers.
"""

import ast
from typing import Final

LONGEST_READ = 20_000  # characters
MOST_NODES = 4_000

_FLIPPED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE,
    ast.Eq: ast.Eq, ast.NotEq: ast.NotEq,
}  # fmt: skip
_HALF: Final = ast.dump(ast.Constant(0.5))
_DENIED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Lt: ast.GtE, ast.GtE: ast.Lt,
    ast.Gt: ast.LtE, ast.LtE: ast.Gt,
}  # fmt: skip


def python_form(text: str) -> str | None:
    """Return one form of a program; None where it does not parse."""
    try:
        tree = ast.parse(text[:LONGEST_READ])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if sum(1 for _ in ast.walk(tree)) > MOST_NODES:
        return None
    try:
        tree = _OneForm().visit(tree)
        return ast.dump(_Numbered().visit(tree))
    except RecursionError:
        return None


class _OneForm(ast.NodeTransformer):
    """Rewrites what can be written in several ways."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        node = super().generic_visit(node)
        for name in ("body", "orelse", "finalbody"):
            body = getattr(node, name, None)
            if isinstance(body, list):
                kept = [s for s in body if not _says_nothing(s)]
                setattr(node, name, _returns_flat(kept))
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        return self.visit_Assign(ast.Assign(targets=[node.target], value=node.value))

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        value, target = node.value, node.targets[0]
        if (
            isinstance(value, ast.BinOp)
            and isinstance(target, ast.Name)
            and isinstance(value.left, ast.Name)
            and value.left.id == target.id
        ):
            return ast.AugAssign(target=target, op=value.op, value=value.right)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        module = isinstance(node.value, ast.Name) and node.value.id in {"math", "re"}
        return ast.Name(id=node.attr, ctx=ast.Load()) if module else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Read `int(x ** 0.5)` and `int(sqrt(x))` as `isqrt(x)`."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and len(node.args) == 1:
            inner = node.args[0]
            if node.func.id == "int" and (root := _root_of(inner)) is not None:
                return _call("isqrt", root)
            if node.func.id == "list" and isinstance(inner, ast.GeneratorExp):
                return ast.ListComp(elt=inner.elt, generators=inner.generators)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        power = isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant)
        if power and ast.dump(node.right) == _HALF:
            return _call("sqrt", node.left)
        same = ast.dump(node.left) == ast.dump(node.right)
        if isinstance(node.op, ast.Mult) and same:
            return ast.BinOp(left=node.left, op=ast.Pow(), right=ast.Constant(2))
        return node

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        """Take `x for x in xs` as `xs`."""
        self.generic_visit(node)
        first = node.generators[0]
        passes_on = (
            len(node.generators) == 1
            and not first.ifs
            and isinstance(node.elt, ast.Name)
            and isinstance(first.target, ast.Name)
            and node.elt.id == first.target.id
        )
        return first.iter if passes_on else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) != 1:
            return node
        left, op, right = node.left, node.ops[0], node.comparators[0]
        turned = isinstance(left, ast.Constant) and not isinstance(right, ast.Constant)
        if turned and type(op) in _FLIPPED:
            left, op, right = right, _FLIPPED[type(op)](), left
        if isinstance(op, ast.Gt | ast.GtE) and not isinstance(right, ast.Constant):
            left, op, right = right, _FLIPPED[type(op)](), left
        held = _counted(left)
        if held is not None and isinstance(right, ast.Constant):
            if right.value == 0 and isinstance(op, ast.Eq):
                return ast.UnaryOp(op=ast.Not(), operand=held)
            if (right.value == 0 and isinstance(op, ast.NotEq | ast.Gt)) or (
                right.value == 1 and isinstance(op, ast.GtE)
            ):
                return held
        return ast.Compare(left=left, ops=[op], comparators=[right])

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Not):
            return node
        if (held := _counted(node.operand)) is not None:
            return ast.UnaryOp(op=ast.Not(), operand=held)
        return _denied(node.operand)

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        if (held := _counted(node.test)) is not None:
            node.test = held
        node.test = _remainder(node.test)
        return node


def _call(name: str, argument: ast.expr) -> ast.Call:
    return ast.Call(
        func=ast.Name(id=name, ctx=ast.Load()), args=[argument], keywords=[]
    )


def _root_of(node: ast.expr) -> ast.expr | None:
    """Return what a call of `sqrt` is given."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
        return node.args[0] if node.func.id == "sqrt" else None
    return None


def _counted(node: ast.AST) -> ast.expr | None:
    """Return what a call of `len` is given."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
        return node.args[0] if node.func.id == "len" else None
    return None


def _remainder(test: ast.expr) -> ast.expr:
    """Return `n % 2` for `n % 2 == 1` and for `n % 2 != 0`, which hold alike."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return test
    left, op, right = test.left, test.ops[0], test.comparators[0]
    if not (isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mod)):
        return test
    if not isinstance(right, ast.Constant):
        return test
    of_two = isinstance(left.right, ast.Constant) and left.right.value == 2
    odd = of_two and isinstance(op, ast.Eq) and right.value == 1
    some = isinstance(op, ast.NotEq) and right.value == 0
    return left if odd or some else test


def _denied(test: ast.expr) -> ast.expr:
    """Return what holds where `test` does not."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        op = _DENIED[type(test.ops[0])]()
        return ast.Compare(left=test.left, ops=[op], comparators=test.comparators)
    return ast.UnaryOp(op=ast.Not(), operand=test)


def _says_nothing(statement: ast.stmt) -> bool:
    """Whether a statement is a docstring or an import."""
    return isinstance(statement, ast.Import | ast.ImportFrom) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def _returns_flat(body: list[ast.stmt]) -> list[ast.stmt]:
    """Write returns by branch as early returns, the undenied condition first."""
    flat: list[ast.stmt] = []
    for statement in body:
        flat += _branches(statement)
    last = flat[-1] if flat else None
    before = flat[-2] if len(flat) > 1 else None
    if (
        isinstance(last, ast.Return)
        and isinstance(before, ast.If)
        and not before.orelse
        and len(before.body) == 1
        and isinstance(before.body[0], ast.Return)
        and _is_denial(before.test)
    ):
        turned = ast.If(test=_denied(before.test), body=[last], orelse=[])
        flat[-2:] = [turned, before.body[0]]
    if (
        isinstance(last, ast.Return)
        and isinstance(before, ast.Assign)
        and isinstance(last.value, ast.Name)
        and isinstance(before.targets[0], ast.Name)
        and before.targets[0].id == last.value.id
    ):
        flat[-2:] = [ast.Return(value=before.value)]
    return flat


def _branches(statement: ast.stmt) -> list[ast.stmt]:
    if isinstance(statement, ast.Return) and isinstance(statement.value, ast.IfExp):
        value = statement.value
        early = ast.If(test=value.test, body=[ast.Return(value.body)], orelse=[])
        return [early, *_branches(ast.Return(value=value.orelse))]
    if isinstance(statement, ast.If) and statement.orelse and _leaves(statement.body):
        rest = statement.orelse
        early = ast.If(test=statement.test, body=statement.body, orelse=[])
        return [early, *_returns_flat(rest)]
    return [statement]


def _leaves(body: list[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], ast.Return | ast.Raise | ast.Continue)


def _is_denial(test: ast.expr) -> bool:
    if isinstance(test, ast.UnaryOp):
        return isinstance(test.op, ast.Not)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return isinstance(
            test.ops[0], ast.NotEq | ast.NotIn | ast.IsNot | ast.GtE | ast.Gt
        )
    return False


class _Numbered(ast.NodeTransformer):
    """Numbers the names that a program binds itself, in order of appearance."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self._number(node.arg)
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if isinstance(node.ctx, ast.Store) or node.id in self._names:
            return ast.Name(id=self._number(node.id), ctx=ast.Load())
        return ast.Name(id=node.id, ctx=ast.Load())

    def _number(self, name: str) -> str:
        return self._names.setdefault(name, f"v{len(self._names)}")
