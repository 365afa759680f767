"""The kinds of server messages Vapi has (its OpenAPI, ServerMessage), and what becomes of each here."""

# Answered at once; the rest of Vapi waits for it.
ASKED = frozenset({"assistant-request", "transfer-destination-request"})
# Told of a call, and kept.
KEPT = frozenset({"status-update", "end-of-call-report", "transcript"})
# Counted, and nothing else: what they say comes again in the report.
_NOISE = frozenset(
    {
        "assistant.started",
        "assistant.speechStarted",
        "call.artifact.upload",
        "conversation-update",
        "function-call",
        "handoff-destination-request",
        "hang",
        "knowledge-base-request",
        "language-change-detected",
        "language-changed",
        "model-output",
        "phone-call-control",
        "session.created",
        "session.updated",
        "speech-update",
        "tool-calls",
        "transfer-update",
        "user-interrupted",
        "voice-input",
    }
)
KNOWN = ASKED | KEPT | _NOISE
