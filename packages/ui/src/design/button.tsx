import type { ButtonHTMLAttributes } from 'react';
import css from './button.module.css';

type Kind = 'primary' | 'plain' | 'danger';

/** A thing to do. One primary a screen. */
export function Button({
  kind = 'plain',
  ...rest
}: { kind?: Kind } & Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'className' | 'type'>) {
  return <button type="button" className={`${css['button']} ${css[kind] ?? ''}`} {...rest} />;
}
