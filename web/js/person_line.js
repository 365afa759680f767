// @ts-check
/** A person in one line of plain text: enough to tell two of one name apart. */

import { phone } from "./phone.js";

/** @param {Contact} contact @returns {string} */
export const contactLineText = (contact) => [contact.name, phone(contact.phone), contact.date_of_birth].filter(Boolean).join(" · ");
