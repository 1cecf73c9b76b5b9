import { ActionIcon, Button, Group, Popover, TextInput } from "@mantine/core";
import { useState } from "react";
import { Icon } from "../parts/icons.js";
import { BASE_PATH } from "../session/address.js";
import { jobsSearch, type JobsSearch } from "../shell/search.js";

/** Filters, order and columns by a name. Kept in this browser, and only those that somebody has saved. */
interface SavedView {
  readonly name: string;
  readonly search: JobsSearch;
}

const KEPT = `headway-views ${BASE_PATH}`;

interface SavedViewsProps {
  readonly search: JobsSearch;
  readonly onOpen: (search: JobsSearch) => void;
}

export function SavedViews({ search, onOpen }: SavedViewsProps) {
  const [views, setViews] = useState(readViews);
  const [name, setName] = useState("");
  const [isOpen, setIsOpen] = useState(false);
  const keep = (next: readonly SavedView[]): void => {
    setViews(next);
    if (next.length === 0) localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, JSON.stringify(next));
  };
  const { after: _after, before: _before, ...view } = search;
  const save = (): void => {
    keep([...views.filter((one) => one.name !== name.trim()), { name: name.trim(), search: view }]);
    setName("");
  };
  return (
    <Popover position="bottom-end" trapFocus returnFocus opened={isOpen} onChange={setIsOpen}>
      <Popover.Target>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<Icon name="bookmark" size={14} />}
          onClick={() => setIsOpen(!isOpen)}
        >
          Views
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Saved views">
        {views.length === 0 && (
          <p className="faint">Save the current filters, sort order and columns in this browser.</p>
        )}
        <ul className="plain-list">
          {views.map((one) => (
            <li key={one.name}>
              <Group justify="space-between" wrap="nowrap" gap="xs">
                <Button
                  variant="subtle"
                  size="compact-sm"
                  onClick={() => {
                    onOpen(one.search);
                    setIsOpen(false);
                  }}
                >
                  {one.name}
                </Button>
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  aria-label={`Delete view ${one.name}`}
                  onClick={() => keep(views.filter((other) => other !== one))}
                >
                  <Icon name="cross" size={14} />
                </ActionIcon>
              </Group>
            </li>
          ))}
        </ul>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim() !== "") save();
          }}
        >
          <Group gap="xs" wrap="nowrap" align="end">
            <TextInput
              size="xs"
              label="View name"
              value={name}
              maxLength={60}
              onChange={({ currentTarget }) => setName(currentTarget.value)}
            />
            <Button type="submit" size="xs">
              Save
            </Button>
          </Group>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}

/** What an older version or somebody else has left there is taken as far as it is a view. */
function readViews(): readonly SavedView[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    if (!Array.isArray(kept)) return [];
    return kept
      .filter(
        (one): one is { name: string; search: Record<string, unknown> } =>
          typeof one?.name === "string" && typeof one.search === "object" && one.search !== null,
      )
      .map(({ name, search }) => ({ name, search: jobsSearch(search) }));
  } catch {
    return []; // It is no JSON.
  }
}
