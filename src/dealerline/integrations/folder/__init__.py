"""Files that another system drops into a folder, by itself or over SFTP."""

from dealerline.integrations.folder.connector import FolderConnector, FolderError

__all__ = ["FolderConnector", "FolderError"]
