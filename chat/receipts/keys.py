"""Where the application keeps what belongs to receipts."""

from aiohttp import web

from chat.realtime.receipt_counts import ReceiptCounts
from chat.receipts.recorder import Recorder

RECEIPT_COUNTS = web.AppKey("receipt_counts", ReceiptCounts)
RECORDER = web.AppKey("recorder", Recorder)
