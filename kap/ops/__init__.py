"""Starting and stopping: embedded servers, `up`, roles, readiness, the pytest plugin. Imports no app."""
