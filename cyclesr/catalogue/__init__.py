"""The catalogue of translators, SR networks, losses and configs, as lists and as the page docs/catalogue.md.

It has everything that is registered, including plugins. docs/plugin.md explains how a class describes itself.
"""
