// Pictures of the tasks that this tab has queued; the service keeps them, and gives none back.

const pictures = new Map();

export const remember = (id, sent) => pictures.set(id, sent);

export const picturesOf = (id) => pictures.get(id) ?? {};

export const forget = (id) => pictures.delete(id);
