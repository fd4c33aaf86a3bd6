"""`vos-bench phone`: latency of an artifact's graphs on a phone, over adb, with LiteRT's own benchmark tool."""
