"""Files that another system lays ready on an SFTP server of its own, fetched by OpenSSH's programs."""

from dealerline.integrations.sftp.client import Client, Place, SftpError, server_of
from dealerline.integrations.sftp.connector import SftpConnector, waiting
from dealerline.integrations.sftp.keys import HostKey, ask_host_key, own_key, own_public_key, read_host_key

__all__ = ["Client", "HostKey", "Place", "SftpConnector", "SftpError", "ask_host_key", "own_key",
           "own_public_key", "read_host_key", "server_of", "waiting"]
