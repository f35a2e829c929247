"""The asyncio engine: connections, links, calls, listeners, and the driver that executes the controller's commands."""
