"""Third-party packages: their entry points in the group ``cyclesr.plugins`` are loaded at the first look-up of a name.

An entry point names a module whose import registers things (``my_package = my_package.networks``), or a function
without arguments that does so.
"""

from importlib.metadata import EntryPoint, entry_points

from cyclesr.errors import UserError

GROUP = "cyclesr.plugins"

_loaded: set[str] = set()


def load_plugins() -> None:
    """Loads every installed plugin once.

    Raises:
        UserError: a plugin cannot be imported; the message names its package, so that it can be mended or removed.
    """
    for entry in entry_points(group=GROUP):
        if entry.value not in _loaded:
            _loaded.add(entry.value)  # before the import: a plugin's own look-ups come back here
            _load(entry)


def _load(entry: EntryPoint) -> None:
    try:
        plugin = entry.load()
        if callable(plugin):
            plugin()
    except Exception as error:
        owner = entry.dist.name if entry.dist else entry.value
        raise UserError(
            f"The plugin {entry.name!r} of the package {owner!r} cannot be loaded: {type(error).__name__}: {error}. "
            f"Mend it, or remove it with 'pip uninstall {owner}'."
        ) from error
