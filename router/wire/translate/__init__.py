"""Between dialects: each body to one neutral conversation, answer or event stream, and back. Pure.

A dialect that clients speak reads requests and writes answers; one that providers speak writes requests and reads
answers. No dialect knows another: what they share is in `neutral`.
"""
