"""The page's words, in the languages texts have, and how it writes days, times and zones."""

from datetime import datetime

from frontdesk.texts import dates
from frontdesk.times.say import say_time

WORDS = {
    "en": {
        "title": "Your visit",
        "h_pending": "{name}, your visit is booked",
        "h_confirmed": "{name}, your visit is confirmed",
        "h_arrived": "{name}, you have arrived",
        "h_cancelled": "{name}, your visit is cancelled",
        "h_begun": "{name}, this was your visit",
        "h_move": "Choose another time",
        "h_cancel": "Cancel this visit?",
        "when": "When",
        "with": "With",
        "for": "For",
        "minutes": "{count} minutes",
        "zone": "Times are the clinic's: {zone}.",
        "zone_of": "{city} time",
        "confirm": "Confirm the visit",
        "confirmed_already": "You have confirmed it. Nothing more to do.",
        "move": "Move it",
        "cancel": "Cancel it",
        "calendar": "Add to your calendar",
        "cancel_really": "Yes, cancel the visit",
        "cancel_not": "No, keep it",
        "cancel_told": "The time is given to somebody else at once.",
        "call": "Call {clinic}:",
        "read_only": "It cannot be changed on this page any more.",
        "cancelled_told": "To book again, call the clinic.",
        "now": "Now: {when}",
        "week": "{first} to {last}",
        "earlier": "Earlier days",
        "later": "Later days",
        "with_same": "Only with {provider}",
        "with_anyone": "With anybody at the clinic",
        "count_one": "1 time",
        "count": "{count} times",
        "none_free": "Nothing is free in these days.",
        "none_at_all": "Nothing is free that can be booked here. Please call the clinic.",
        "next_free": "Go to the next free day: {day}",
        "back": "Back to your visit",
        "private": "This page is yours: whoever has its address can see and change the visit.",
        "done_confirmed": "Thank you. The visit is confirmed.",
        "done_moved": "Your visit has a new time.",
        "done_cancelled": "Your visit is cancelled.",
        "taken": "That time has just been taken. Your visit is as it was; these times are free now.",
        "changed": "The clinic changed your visit meanwhile. This is how it is now; you changed nothing.",
        "too_late": "It is too late to change the visit here. Please call the clinic.",
        "no_page_title": "Nothing here",
        "no_page": "This link leads to no visit, or not any more."
        " Please look at your newest text, or call the clinic.",
        "foreign_title": "Not changed",
        "foreign": "This was sent from another website, so nothing was changed.",
        "malformed_title": "Not changed",
        "malformed": "That could not be understood, and nothing was changed. Please go back and try again.",
        "away_title": "One moment",
        "away": "The page cannot be reached just now. If you were changing something, look again in a minute"
        " whether it was done.",
        "event": "Visit at {clinic} with {provider}",
        "event_call": "To change it, call {phone}.",
    },
    "es": {
        "title": "Su cita",
        "h_pending": "{name}, su cita está reservada",
        "h_confirmed": "{name}, su cita está confirmada",
        "h_arrived": "{name}, ya ha llegado",
        "h_cancelled": "{name}, su cita está cancelada",
        "h_begun": "{name}, esta fue su cita",
        "h_move": "Elija otra hora",
        "h_cancel": "¿Cancelar esta cita?",
        "when": "Cuándo",
        "with": "Con",
        "for": "Para",
        "minutes": "{count} minutos",
        "zone": "Las horas son las de la clínica: {zone}.",
        "zone_of": "hora de {city}",
        "confirm": "Confirmar la cita",
        "confirmed_already": "Ya la ha confirmado. No hay nada más que hacer.",
        "move": "Cambiarla",
        "cancel": "Cancelarla",
        "calendar": "Añadir a su calendario",
        "cancel_really": "Sí, cancelar la cita",
        "cancel_not": "No, mantenerla",
        "cancel_told": "La hora queda libre al momento para otra persona.",
        "call": "Llamar a {clinic}:",
        "read_only": "Ya no se puede cambiar en esta página.",
        "cancelled_told": "Para pedir otra cita, llame a la clínica.",
        "now": "Ahora: {when}",
        "week": "Del {first} al {last}",
        "earlier": "Días anteriores",
        "later": "Días siguientes",
        "with_same": "Solo con {provider}",
        "with_anyone": "Con cualquiera de la clínica",
        "count_one": "1 opción",
        "count": "{count} opciones",
        "none_free": "No hay nada libre en estos días.",
        "none_at_all": "No hay nada libre que se pueda reservar aquí. Por favor llame a la clínica.",
        "next_free": "Ir al próximo día libre: {day}",
        "back": "Volver a su cita",
        "private": "Esta página es suya: quien tenga su dirección puede ver y cambiar la cita.",
        "done_confirmed": "Gracias. La cita está confirmada.",
        "done_moved": "Su cita tiene una nueva hora.",
        "done_cancelled": "Su cita está cancelada.",
        "taken": "Esa hora se acaba de ocupar. Su cita sigue como estaba; estas horas están libres ahora.",
        "changed": "La clínica cambió su cita entretanto. Así está ahora; usted no ha cambiado nada.",
        "too_late": "Ya es tarde para cambiar la cita aquí. Por favor llame a la clínica.",
        "no_page_title": "Aquí no hay nada",
        "no_page": "Este enlace no lleva a ninguna cita, o ya no."
        " Por favor mire su mensaje más reciente, o llame a la clínica.",
        "foreign_title": "Sin cambios",
        "foreign": "Esto se envió desde otro sitio web, así que no se ha cambiado nada.",
        "malformed_title": "Sin cambios",
        "malformed": "No se ha podido entender, y no se ha cambiado nada."
        " Por favor vuelva atrás e inténtelo de nuevo.",
        "away_title": "Un momento",
        "away": "Ahora mismo no se puede acceder a la página. Si estaba cambiando algo, mire en un minuto"
        " si se ha hecho.",
        "event": "Cita en {clinic} con {provider}",
        "event_call": "Para cambiarla, llame al {phone}.",
    },
}


def moment(at: datetime, now: datetime, language: str) -> str:
    """Write day and time: "Tuesday, December 8 at 3 PM", "martes 8 de diciembre a las 3 de la tarde"."""
    return f"{dates.day(at, now.date(), language)} {dates.clock(at.time(), language)}"


def short_time(at: datetime, language: str) -> str:
    """Write a time for a button: "3:30 PM", "3:30 p. m."."""
    if language != "es":
        return say_time(at.time())
    return f"{at.hour % 12 or 12}:{at.minute:02} {'p. m.' if at.hour >= 12 else 'a. m.'}"


def zone_name(at: datetime, key: str, language: str) -> str:
    """Name the clinic's zone (IANA) for somebody who may be elsewhere: "New York time (EST)"."""
    if "/" not in key:
        return key
    city = key.rpartition("/")[2].replace("_", " ")
    named = WORDS[language]["zone_of"].format(city=city)
    letters = at.tzname() or ""
    # Many zones have no letters but "-03", which says less than the city does.
    return f"{named} ({letters})" if letters.isalpha() else named
