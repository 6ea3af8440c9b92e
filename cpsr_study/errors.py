"""The two ways a run can end badly. Each message is one French sentence, shown as it is."""


class RequestError(Exception):
    """The request was wrong (exit code 2): an unknown territory, an edition that does not exist..."""


class DataError(Exception):
    """The data or the work failed (exit code 1): a file that lies about itself, a notebook that stops..."""
