/** A program that fails before it submits anything. */
public class MainThrows {
    public static void main(String[] arguments) {
        throw new IllegalStateException("main does not want to");
    }
}
