/** Frequent words of four letters and more that say nothing of what a text is about: English, German, French, Spanish. */
export const STOP_WORDS: ReadonlySet<string> = new Set(
  `about above after again against also another because been before being below between both could does doing down
  during each else ever every from further have having here hers into itself just like made make many more most much
  must need only other otherwise over same should since some such than that their theirs them then there these they
  this those through under until upon used uses using very want were what when where which while whose will with
  within without would your yours http https www
  aber alle auch beim dann dass dein denn diese dieser dieses doch eine einem einen einer eines haben hier ihre ihrem
  ihren ihrer kann mehr mein nach nicht noch oder ohne schon sein seine sich sind über unter viel wenn werden wird
  zwischen
  aussi avec avoir cette comme dans depuis elle elles être leur leurs mais même nous pour plus quand sans sont tous
  tout très vous
  ante como cuando desde donde durante ellos entre esta este estos hasta mucho otra otro para pero porque sino sobre
  también tiene todo todos`.split(/\s+/),
);
