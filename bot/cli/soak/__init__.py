"""`noisefox soak` and `noisefox bench --load`: the real bot as a process of its own, with a stand-in for Discord in
another, and many members who use it."""
