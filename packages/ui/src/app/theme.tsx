import { useState } from 'react';
import css from './shell.module.css';

const STORAGE_KEY = 'capstan.theme';

/** Light, dark, or as the system has it; kept in this browser. */
export function ThemeSwitch() {
  const [theme, setTheme] = useState(() => localStorage.getItem(STORAGE_KEY) ?? 'system');
  const choose = (next: string): void => {
    localStorage.setItem(STORAGE_KEY, next);
    document.documentElement.dataset['theme'] = next;
    setTheme(next);
  };
  return (
    <label>
      <span className={css['skip']}>Theme</span>
      <select
        className={css['theme']}
        aria-label="Theme"
        value={theme}
        onChange={(event) => choose(event.target.value)}
      >
        <option value="system">System theme</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
}
