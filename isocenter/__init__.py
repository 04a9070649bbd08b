"""Composition root and public face of the node; plug-in authors import only this package."""
