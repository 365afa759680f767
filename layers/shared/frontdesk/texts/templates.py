"""The wording a clinic starts with; its own stands in sms_templates, checked by texts.problems.

No service, no reason for the visit, no specialty: a text is read by whoever holds the phone. Never "reply
CANCEL" or "reply YES": to Twilio the first is an opt-out and the second an opt-in
(Twilio, "Support for opt-out keywords").
"""

LANGUAGES = ("en", "es")

# What Twilio sends out for us on its own account, and what answers a patient's text at once.
OUTGOING = ("booked", "rescheduled", "cancelled", "reminder", "follow_up_missed")
REPLIES = (
    "confirmed",
    "nothing_to_confirm",
    "reschedule",
    "reschedule_link",
    "help",
    "stopped",
    "started",
)
EVENTS = OUTGOING + REPLIES

_OF_A_CLINIC = frozenset({"clinic", "phone"})
_OF_A_VISIT = _OF_A_CLINIC | {"patient_first_name", "day", "time", "provider"}

# May stand in a text of the event; a sentence whose value is not known (a clinic has no phone) is left out.
ALLOWED = {
    "booked": _OF_A_VISIT | {"code", "link"},
    "rescheduled": _OF_A_VISIT | {"code", "link"},
    "cancelled": _OF_A_VISIT,
    "reminder": _OF_A_VISIT | {"code", "link"},
    "confirmed": _OF_A_VISIT | {"code", "link"},
    "reschedule_link": _OF_A_VISIT | {"link"},
} | dict.fromkeys(
    ("follow_up_missed", "nothing_to_confirm", "reschedule", "help", "stopped", "started"), _OF_A_CLINIC
)

# Must stand in it: who texts, and when the visit is; where the link is the answer, the link.
REQUIRED = {
    event: frozenset({"clinic", "day", "time"}) if "day" in allowed else frozenset({"clinic"})
    for event, allowed in ALLOWED.items()
} | {"reschedule_link": frozenset({"clinic", "link"})}

# Ends the first text a number ever gets from a clinic (CTIA, Messaging Principles: opt-out instructions).
OPT_OUT = {"en": "Reply STOP to opt out.", "es": "Responda STOP para no recibir más."}

# Stands for a name that cannot be written.
SOMEBODY = {"en": "Patient", "es": "Paciente"}

# One segment each with a clinic's name of 23 letters and long other names (tests/sms/test_texts.py).
DEFAULTS = {
    "en": {
        "booked": "{clinic}: {patient_first_name} is booked with {provider} on {day} {time}, code {code}."
        " Reply C to confirm or R to move it.",
        "rescheduled": "{clinic}: {patient_first_name}'s visit is now on {day} {time} with {provider},"
        " code {code}. Reply C to confirm or R to move it.",
        "cancelled": "{clinic}: {patient_first_name}'s visit on {day} {time} is cancelled."
        " To book again call {phone}.",
        "reminder": "{clinic}: {patient_first_name} is expected by {provider} on {day} {time}."
        " Reply C to confirm or R to move it.",
        "follow_up_missed": "{clinic}: we tried to call you back and could not reach you."
        " Please call {phone}.",
        "confirmed": "{clinic}: thank you, {patient_first_name} is confirmed for {day} {time}.",
        "nothing_to_confirm": "{clinic}: there is no coming visit to confirm for this number."
        " Please call {phone}.",
        "reschedule": "{clinic}: we will call you to find another time. Or call {phone}.",
        "reschedule_link": "{clinic}: to move or cancel {patient_first_name}'s visit, open {link}",
        "help": "{clinic}: texts about your visits. Reply C to confirm, R to move a visit, STOP to opt out."
        " Phone {phone}.",
        "stopped": "{clinic}: you will get no more texts from us. Reply START to get them again.",
        "started": "{clinic}: you will get texts about your visits. To confirm a visit, reply C.",
    },
    "es": {
        "booked": "{clinic}: {patient_first_name}, cita {day} {time} con {provider}, clave {code}."
        " Responda C=confirmar, R=mover.",
        "rescheduled": "{clinic}: {patient_first_name}, ahora {day} {time} con {provider}, clave {code}."
        " Responda C=confirmar, R=mover.",
        "cancelled": "{clinic}: la cita de {patient_first_name} del {day} {time} está cancelada."
        " Para otra cita llame al {phone}.",
        "reminder": "{clinic}: {patient_first_name}, le espera {provider} el {day} {time}."
        " Responda C=confirmar, R=mover.",
        "follow_up_missed": "{clinic}: le llamamos y no pudimos hablar con usted."
        " Por favor llame al {phone}.",
        "confirmed": "{clinic}: gracias, la cita de {patient_first_name} del {day} {time} está confirmada.",
        "nothing_to_confirm": "{clinic}: no hay ninguna cita por confirmar para este número."
        " Por favor llame al {phone}.",
        "reschedule": "{clinic}: le llamaremos para buscar otra hora. O llame al {phone}.",
        "reschedule_link": "{clinic}: para mover o cancelar la cita de {patient_first_name}, abra {link}",
        "help": "{clinic}: mensajes sobre sus citas. Responda C=confirmar, R=mover una cita,"
        " STOP=no recibir más. Teléfono {phone}.",
        "stopped": "{clinic}: no recibirá más mensajes. Responda START para volver a recibirlos.",
        "started": "{clinic}: recibirá mensajes sobre sus citas. Para confirmar una cita, responda C.",
    },
}
