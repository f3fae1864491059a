"""Doors into other proxies: each maps a proxy's request to `Router.route` and its decision to the proxy's answer."""
