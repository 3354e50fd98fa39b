"""Thin programs around the library: parse, call, show."""
