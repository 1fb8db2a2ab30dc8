"""Web hooks: addresses of others that we call."""

from dealerline.integrations.hooks.sender import Answer, HookError, check_address, send, signature

__all__ = ["Answer", "HookError", "check_address", "send", "signature"]
