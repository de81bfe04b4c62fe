"""What there is to choose from: translators, SR networks, losses, configs; as lists, and as the page docs/catalogue.md.

Whatever is registered appears, plugins too. See docs/plugin.md for what a class says of itself.
"""
