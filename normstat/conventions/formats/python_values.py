"""Numbers in Python code that can be known without running it."""

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from normstat.conventions.formats.calls import Call

#: Variable → value; attributes have their whole name.
Names: TypeAlias = dict[str, Any]
_ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
#: Functions that make an array of their first argument.
_ARRAYS = ("array", "asarray", "tensor", "Tensor", "constant", "as_tensor", "float32")


def values_of(module: ast.Module) -> tuple[Names, list[Call]]:
    r"""Variables with values that are known, and the calls in the order of the text.

    A variable that is given several values has the last one.

    >>> names, (call,) = values_of(ast.parse("a = [1 / 2]\nf.g(np.array(a), b=None)"))
    >>> names, call.function, call.given
    ({'a': [0.5]}, 'f.g', {0: [0.5], 'b': None})
    """
    names: Names = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = [node.target], node.value
        else:
            continue
        if (known := _value(value, names)) is not None:
            names.update((ast.unparse(target), known) for target in targets)
    return names, list(_calls(module, names))


def _calls(module: ast.Module, names: Names) -> Iterator[Call]:
    found = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
    for node in sorted(found, key=lambda call: (call.lineno, call.col_offset)):
        function = ast.unparse(node.func)
        if function.rpartition(".")[2] in _ARRAYS:
            continue
        given: dict[str | int, Any] = {
            place: _value(argument, names) for place, argument in enumerate(node.args)
        }
        given.update(
            (keyword.arg, _value(keyword.value, names)) for keyword in node.keywords if keyword.arg
        )
        yield Call(function, given, node.lineno)


def _value(node: ast.expr, names: Names) -> Any:
    """A number, word or truth, or a list of such; None of all else."""
    match node:
        case ast.Constant(value):
            return value if isinstance(value, (bool, int, float, str)) else None
        case ast.List(elements) | ast.Tuple(elements):
            return [_value(element, names) for element in elements]
        case ast.UnaryOp(ast.USub(), operand):
            return _computed(operator.sub, 0, _value(operand, names))
        case ast.BinOp(left, sign, right) if type(sign) in _ARITHMETIC:
            return _computed(_ARITHMETIC[type(sign)], _value(left, names), _value(right, names))
        case ast.Call(function, [first, *_]) if ast.unparse(function).split(".")[-1] in _ARRAYS:
            return _value(first, names)
        case ast.Name() | ast.Attribute():
            return names.get(ast.unparse(node))
    return None


def _computed(how: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """Of two numbers, or of each number of a list and another."""
    if isinstance(left, list) and not isinstance(right, list):
        return [_computed(how, item, right) for item in left]
    if not all(isinstance(value, (int, float)) for value in (left, right)):
        return None
    try:
        return how(left, right)
    except ArithmeticError:
        return None
