"""Providers: who they are (registry), how to speak to them (adapters), how to get an answer from them (dispatch).

Its parts are imported one by one: settings need the rows and no HTTP client.
"""
