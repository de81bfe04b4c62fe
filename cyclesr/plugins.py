"""Plugins of third-party packages: entry points in the group ``cyclesr.plugins``.

They are loaded when a name is first looked up in a registry. An entry point names a module whose import registers
classes (``my_package = my_package.networks``), or a function without arguments that registers them.
"""

from importlib.metadata import EntryPoint, entry_points

from cyclesr.errors import UserError

GROUP = "cyclesr.plugins"

_loaded: set[str] = set()


def has_plugins() -> bool:
    """Returns whether any plugin is installed. Nothing is imported."""
    return bool(entry_points(group=GROUP))


def load_plugins() -> None:
    """Loads every installed plugin once.

    Raises:
        UserError: a plugin cannot be loaded. The message names its package.
    """
    for entry in entry_points(group=GROUP):
        if entry.value not in _loaded:
            _loaded.add(entry.value)  # before loading, because look-ups by the plugin call this function again
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
            f"Fix or update the package, or remove it with 'pip uninstall {owner}'."
        ) from error
