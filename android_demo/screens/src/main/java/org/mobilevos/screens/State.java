package org.mobilevos.screens;

import java.util.Map;

/** What a view's colours and drawables depend on. */
record State(boolean enabled, boolean checked) {
    /** Whether all conditions of a selector's item, such as {@code state_enabled="false"}, hold. */
    boolean matches(Map<String, String> conditions) {
        for (Map.Entry<String, String> condition : conditions.entrySet()) {
            boolean wanted = Boolean.parseBoolean(condition.getValue());
            boolean holds = switch (condition.getKey()) {
                case "state_enabled" -> enabled;
                case "state_checked" -> checked;
                // Nothing is touched in a picture.
                case "state_pressed", "state_focused", "state_selected", "state_hovered", "state_activated" -> false;
                default -> throw new ScreensException("a selector depends on " + condition.getKey()
                        + ", which is not known here; teach it to State.java");
            };
            if (holds != wanted) {
                return false;
            }
        }
        return true;
    }
}
