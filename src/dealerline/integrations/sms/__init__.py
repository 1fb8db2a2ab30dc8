"""Text messages by any provider that takes a message with one HTTP request: its form is configuration."""

from dealerline.integrations.sms.gateway import Gateway, SmsError

__all__ = ["Gateway", "SmsError"]
