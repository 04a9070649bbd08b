import type { InfiniteData } from "@tanstack/react-query";
import type { Page } from "../http/client";
import type { Schemas } from "../http/schemas";

export type Study = Schemas["Study"];
export type StudyPages = InfiniteData<Page<Study>, string | null>;

/**
 * Put the present state of one study into the loaded pages.
 *
 * `study` is null when the study is gone or no longer matches the filters. A study that was not there
 * is the newest, hence the first.
 */
export function placeStudy(pages: StudyPages, studyUid: string, study: Study | null): StudyPages {
  let found = false;
  const next = pages.pages.map((page) => {
    if (!page.items.some((item) => item.study_uid === studyUid)) return page;
    found = true;
    const items = study
      ? page.items.map((item) => (item.study_uid === studyUid ? study : item))
      : page.items.filter((item) => item.study_uid !== studyUid);
    return { ...page, items };
  });
  const [first] = next;
  if (!found && study && first) next[0] = { ...first, items: [study, ...first.items] };
  return { ...pages, pages: next };
}
