"""Which methods a resource has: what the Allow header of a 405 must say (RFC 9110 Section 15.5.6)."""

from collections.abc import Sequence

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, compile_path


def allowed(routes: Sequence[BaseRoute], path: str) -> str:
    """Name the methods of the resource that a path means, of all its routes together.

    Parameters
    ----------
    routes
        Of the application.
    path
        Of the request.
    """
    methods: dict[str, set[str]] = {}
    for context in iter_route_contexts(routes):
        template = context.path or ""
        if context.methods and compile_path(template)[0].match(path):
            methods.setdefault(template, set()).update(context.methods)
    # `orders` is a resource of its own beside `{entry_id}`.
    meant = min(methods, key=lambda template: template.count("{"), default="")
    return ", ".join(sorted(methods.get(meant, ())))
