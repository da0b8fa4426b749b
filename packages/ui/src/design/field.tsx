import css from './field.module.css';

/** A line of input that acts when it is left or Enter is pressed, so that a half-typed text does nothing. */
export function SearchField(props: {
  label: string;
  value: string;
  placeholder?: string;
  isWrong?: boolean;
  onSearch(text: string): void;
}) {
  return (
    <form
      className={css['search']}
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        const text = new FormData(event.currentTarget).get('text');
        props.onSearch(typeof text === 'string' ? text.trim() : '');
      }}
    >
      <input
        key={props.value}
        name="text"
        type="search"
        aria-label={props.label}
        aria-invalid={props.isWrong === true}
        defaultValue={props.value}
        placeholder={props.placeholder}
        spellCheck={false}
        autoComplete="off"
      />
    </form>
  );
}

/** One of a few, named. */
export function Choice<Value extends string>(props: {
  label: string;
  value: Value;
  options: readonly { readonly value: Value; readonly label: string }[];
  onChoose: (value: Value) => void;
}) {
  return (
    <label className={css['choice']}>
      {props.label}
      <select
        value={props.value}
        onChange={(event) => {
          const chosen = props.options.find((option) => option.value === event.target.value);
          if (chosen) props.onChoose(chosen.value);
        }}
      >
        {props.options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  );
}

/** On or off. */
export function Toggle(props: { label: string; isOn: boolean; isDisabled?: boolean; onSet(isOn: boolean): void }) {
  return (
    <label className={css['choice']}>
      <input
        type="checkbox"
        checked={props.isOn}
        disabled={props.isDisabled === true}
        onChange={(event) => props.onSet(event.target.checked)}
      />
      {props.label}
    </label>
  );
}
