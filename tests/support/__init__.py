"""Services, databases, servers and measures that several tests share."""
